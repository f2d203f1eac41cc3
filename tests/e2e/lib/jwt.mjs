// Tokens as others make them, right and wrong.
import {createHmac} from 'node:crypto';

export const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function hs256(payload, secret, header = {alg: 'HS256', typ: 'JWT'}) {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export const unsigned = (payload) => `${encode({alg: 'none'})}.${encode(payload)}.`;
