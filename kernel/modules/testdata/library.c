/* A library whose constructor leaves a mark, and dies or hangs where a macro says so. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void construct(void) {
    const char* marks = getenv("TRIAL_MARKS");
    FILE* file = marks == NULL ? NULL : fopen(marks, "a");
    if (file != NULL) {
        fputs(NAME "\n", file);
        fclose(file);
    }
#if defined(ABORTS)
    fputs("no way on\n", stderr);
    abort();
#elif defined(HANGS)
    for (;;)
        pause();
#endif
}
