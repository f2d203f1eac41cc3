/* A library that is missing when the plugin that needs it is loaded. */
int streamwall_absent(void) {
    return 1;
}
