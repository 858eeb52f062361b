/**
 * Writes `src/ERRORS.md`, the page that lists every code, from the table that answers are made from:
 *
 * ```sh
 * node test/architecture/errors-page.ts
 * ```
 */
import { writeFileSync } from 'node:fs';
import { renderRefusalPage } from '../../src/gate/gate.ts';

writeFileSync(new URL('../../src/ERRORS.md', import.meta.url), renderRefusalPage());
