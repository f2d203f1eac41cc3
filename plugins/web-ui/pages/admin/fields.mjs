// The fields of a stream that the page edits, and how each is written in a form.

export const statuses = ['unknown', 'checking', 'live', 'offline', 'error'];
export const platforms = [
    'twitch', 'youtube', 'tiktok', 'kick', 'facebook', 'instagram', 'x', 'rumble', 'hls', 'webrtc',
    'other',
];
const kinds = ['video', 'audio', 'web', 'overlay', 'background'];
const orientations = ['', 'vertical', 'horizontal'];

export const fields = [
    {name: 'title', label: 'Title', wide: true},
    {name: 'url', label: 'Address', wide: true},
    {name: 'status', label: 'Status', choices: statuses},
    {name: 'platform', label: 'Platform', choices: platforms},
    {name: 'kind', label: 'Kind', choices: kinds},
    {name: 'orientation', label: 'Orientation', choices: orientations},
    {name: 'city', label: 'City'},
    {name: 'state', label: 'State'},
    {name: 'country', label: 'Country'},
    {name: 'posted_by', label: 'Posted by'},
    {name: 'labels', label: 'Labels, separated by commas', isList: true, wide: true},
    {name: 'notes', label: 'Notes', isLong: true, wide: true},
];

// The texts that a form shows of a record, by name of the field.
export function textsOf(record) {
    const text = ({name, isList}) => (isList ? (record[name] ?? []).join(', ') : (record[name] ?? ''));
    return Object.fromEntries(fields.map((field) => [field.name, text(field)]));
}

function valueOf({isList}, text) {
    if (isList) return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
    return text === '' ? null : text;
}

// What a PATCH has to say so that the record `base` gets those texts.
export function changesOf(base, texts) {
    const before = textsOf(base);
    const changed = fields.filter(({name}) => texts[name] !== before[name]);
    return Object.fromEntries(changed.map((field) => [field.name, valueOf(field, texts[field.name])]));
}
