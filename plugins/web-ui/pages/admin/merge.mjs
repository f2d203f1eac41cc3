// What becomes of a form when the record beneath it was changed by somebody else. All three are texts
// by name of the field: `base` is what the form began with, `mine` what it says, `theirs` what the
// record says now.
//
//   texts      what the form should say: mine where I changed something, else theirs
//   taken      fields that somebody else changed and I did not
//   conflicts  fields that both changed, to different texts
export function merge(base, mine, theirs) {
    const texts = {...mine};
    const taken = [];
    const conflicts = [];
    for (const name of Object.keys(theirs)) {
        if (theirs[name] === base[name] || theirs[name] === mine[name]) continue;
        if (mine[name] === base[name]) {
            texts[name] = theirs[name];
            taken.push(name);
        } else {
            conflicts.push(name);
        }
    }
    return {texts, taken, conflicts};
}
