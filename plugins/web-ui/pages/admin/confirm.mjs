// The question before something is gone for good.
import {byId} from './dom.mjs';

// Whether it is to be done to what is called so; Escape means no.
export function confirmed(name) {
    const dialog = byId('confirm');
    const over = new AbortController();
    byId('confirm-what').textContent = name;
    dialog.showModal();
    return new Promise((resolve) => {
        // Not by the event `close`, which comes later, maybe when the next question is open.
        const end = (isYes) => {
            over.abort();
            dialog.close();
            resolve(isYes);
        };
        const {signal} = over;
        const answer = ({target}) => target.value && end(target.value === 'yes');
        dialog.addEventListener('click', answer, {signal});
        dialog.addEventListener('cancel', () => end(false), {signal});
    });
}
