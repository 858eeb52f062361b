import { styleText } from 'node:util';
import { replaceInvisible } from '../base/invisible.ts';

/** Where words go. Data to `out`, for programs and people; talk to `err`, for people. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether `out` draws bold type: a terminal, and no `NO_COLOR`. */
  readonly isStyled: boolean;
}

/** Text of others as one inert line: with control characters and marks of direction it could redraw the terminal. */
export function inert(text: string): string {
  return replaceInvisible(text, '\u{FFFD}');
}

function bold(terminal: Terminal, text: string): string {
  return terminal.isStyled ? styleText('bold', text, { validateStream: false }) : text;
}

/** Columns under their heads; nothing at all when there are no rows. */
export function printTable(terminal: Terminal, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  const cells = rows.map((row) => row.map(inert));
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  terminal.out(bold(terminal, line(heads)));
  for (const row of cells) terminal.out(line(row));
}

/** Words and values, one per line. */
export function printFields(terminal: Terminal, fields: readonly (readonly [string, string])[]): void {
  const width = Math.max(...fields.map(([label]) => label.length));
  for (const [label, value] of fields) terminal.out(`${bold(terminal, label.padEnd(width))}  ${inert(value)}`);
}

/** One JSON document. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, undefined, 2));
}
