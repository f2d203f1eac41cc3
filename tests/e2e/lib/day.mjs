// A day of input, the same each time: what chat says, what checks find out and what programs ask for.
//
// Hour by hour: first the messages of the hour, then reports and calls about streams that are known
// by then. Within an hour the order is fixed, so every deployment has to end in the same state.

const hours = 25;
const messagesAnHour = 40;
const reportsAnHour = 20;
const callsAnHour = 8;

// mulberry32: small, seedable, good enough to shuffle with.
function randomNumbers(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

// Spellings of one stream; the first is the canonical one.
const platforms = [
    (name) => [
        `https://twitch.tv/${name}`,
        `twitch.tv/${name}`,
        `<https://www.twitch.tv/${name.toUpperCase()}?utm_source=x>`,
        `(http://m.twitch.tv/${name}/)`,
    ],
    (name) => [`https://kick.com/${name}`, `[live](https://www.kick.com/${name})`, `kick.com/${name}`],
    (name) => [`https://tiktok.com/@${name}/live`, `https://www.tiktok.com/@${name}/live?lang=en`],
    (name) => [`https://youtube.com/@${name}/live`, `https://m.youtube.com/@${name}/live`],
];

const places = ['Seattle, WA', 'Portland OR', '[Austin, TX]', 'Los Angeles, CA', 'Toronto, ON', ''];
const chatter = ['who is there?', 'stay safe', 'see twitch.tv/videos/123', 'https://example.org/', '😀'];

// Returns [{messages: [{nick, text}], known: [url], steps: [{method, path(id), body, url}]}] by hour.
export function recordedDay(seed = 20260131) {
    const random = randomNumbers(seed);
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];
    const spellings = [];
    let posts = 0;

    const message = (hour) => {
        // A sender may post ten messages with links a minute; the day passes faster than that.
        const nick = `person${Math.floor(posts++ / 8)}`;
        if (random() < 0.3) return {nick, text: pick(chatter)};
        const isNew = spellings.length === 0 || random() < 0.35;
        if (isNew) spellings.push(pick(platforms)(`day${hour}_${spellings.length}`));
        return {nick, text: `${pick(places)} ${pick(isNew ? spellings.slice(-1) : spellings).at(isNew ? 0 : -1)}`};
    };
    const report = (hour, n) => ({
        method: 'PATCH',
        url: pick(spellings)[0],
        body: {
            status: pick(['live', 'live', 'offline', 'unknown', 'error']),
            last_checked_at: `2026-01-31T${String(hour % 24).padStart(2, '0')}:00:${String(n).padStart(2, '0')}.000Z`,
            viewer_count: below(5000),
        },
    });
    const call = (hour, n) => {
        const url = pick(spellings)[0];
        switch (n) {
            case 0: {
                const created = `https://rumble.com/day${hour}`;
                spellings.push([created]);
                return {method: 'POST', url: created, body: {url: created, title: `Hour ${hour}`, source: 'api'}};
            }
            case 1:
            case 2:
                return {method: 'PUT', url, suffix: '/pin'};
            case 3:
                return {method: 'DELETE', url, suffix: '/pin'};
            case 4:
                return {method: 'POST', url, body: {url}};  // known already
            default:
                return {method: 'PATCH', url, body: {title: `Title ${hour}.${n}`, notes: pick(chatter)}};
        }
    };

    return Array.from({length: hours}, (_, hour) => {
        const messages = Array.from({length: messagesAnHour}, () => message(hour));
        const known = spellings.map(([url]) => url);
        const steps = [
            ...Array.from({length: reportsAnHour}, (_, n) => report(hour, n)),
            ...Array.from({length: callsAnHour}, (_, n) => call(hour, n)),
        ];
        return {messages, known, steps};
    });
}
