// Lists and searches in a large and in a tenfold catalog on PostgreSQL; what is asked is in
// ../lib/scale.mjs.
import {measureScale} from '../lib/scale.mjs';

export const title = 'Lists and searches, 100,000 and 1,000,000 streams, PostgreSQL';

export const run = (t, settings) => measureScale(t, settings, {onPostgres: true});
