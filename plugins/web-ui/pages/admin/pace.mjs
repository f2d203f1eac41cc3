// Doing less often what is asked for often.

// Once nobody has asked for that many milliseconds.
export function settled(milliseconds, action) {
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(action, milliseconds);
    };
}

// At once, then no more than once in so many milliseconds; the last one asked for is never left out.
export function paced(milliseconds, action) {
    let isResting = false;
    let isAsked = false;
    const act = () => {
        isResting = true;
        isAsked = false;
        setTimeout(() => {
            isResting = false;
            if (isAsked) act();
        }, milliseconds);
        action();
    };
    return () => {
        isAsked = true;
        if (!isResting) act();
    };
}
