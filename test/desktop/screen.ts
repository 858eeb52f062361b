/**
 * The screen of `with-desktop.sh`, as a person uses it: look and click.
 *
 *     await untilNotice();                       // a notification is on the screen
 *     await clickNoticeButton(0);                // the leftmost button of it
 *     await screenshot('test/output/notice.png');
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Area extends Place {
  readonly width: number;
  readonly height: number;
}

/** Asks again every 50 ms until there is an answer; ten seconds at most. */
export async function until<Value>(what: string, look: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  for (let turn = 0; turn < 200; turn += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`${what} did not come`);
}

/** A picture of the whole screen, as PNG. */
export async function screenshot(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await run('import', ['-window', 'root', `png:${path}`]);
}

export async function click({ x, y }: Place, button: 1 | 3 = 1): Promise<void> {
  await run('xdotool', ['mousemove', String(Math.round(x)), String(Math.round(y)), 'click', String(button)]);
}

export async function pressKeys(...keys: readonly string[]): Promise<void> {
  await run('xdotool', ['key', '--delay', '60', ...keys]);
}

/** The notification that notification-daemon draws; `undefined` when none is on the screen. */
export async function findNotice(): Promise<Area | undefined> {
  try {
    const { stdout } = await run('xdotool', [
      'search',
      '--onlyvisible',
      '--name',
      '^Notification$',
      'getwindowgeometry',
      '--shell',
    ]);
    const value = (name: string): number => Number(new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(stdout)?.[1]);
    return { x: value('X'), y: value('Y'), width: value('WIDTH'), height: value('HEIGHT') };
  } catch {
    return undefined;
  }
}

/** Waits for a notification whose buttons are drawn and stay where they are. */
export async function untilNotice(): Promise<Area & { readonly buttons: readonly Place[] }> {
  let before = '';
  return await until('a notification', async () => {
    const notice = await findNotice();
    if (notice === undefined) return undefined;
    const found = { ...notice, buttons: await findNoticeButtons(notice) };
    const now = JSON.stringify(found);
    const isStill = now === before;
    before = now;
    return isStill && found.buttons.length > 0 ? found : undefined;
  });
}

export async function untilNoNotice(): Promise<void> {
  await until('the end of the notification', async () => ((await findNotice()) === undefined ? true : undefined));
}

/** Clicks a button of the notification on the screen, counted from the left. */
export async function clickNoticeButton(index: number): Promise<void> {
  const { buttons } = await untilNotice();
  const button = buttons[index];
  if (button === undefined) throw new Error(`the notification has ${buttons.length} buttons`);
  await click(button);
}

/** Where the labels of the last line are: runs of dark pixels with a wide gap between them. */
async function findNoticeButtons(notice: Area): Promise<readonly Place[]> {
  const line = { x: notice.x + 20, y: notice.y + notice.height - 48, width: notice.width - 40, height: 22 };
  const dark = await darkColumns(line);
  const widestGap = 16;
  const starts = dark.filter((column, index) => index === 0 || column - (dark[index - 1] ?? 0) > widestGap);
  const ends = dark.filter((column, index) => (dark[index + 1] ?? Number.POSITIVE_INFINITY) - column > widestGap);
  return starts.map((start, index) => ({ x: line.x + (start + (ends[index] ?? start)) / 2, y: line.y + line.height / 2 }));
}

async function darkColumns(area: Area): Promise<readonly number[]> {
  const crop = `${area.width}x${area.height}+${area.x}+${area.y}`;
  const options = { encoding: 'buffer', maxBuffer: 2 ** 24 } as const;
  const { stdout } = await run(
    'import',
    ['-window', 'root', '-crop', crop, '-colorspace', 'gray', '-depth', '8', 'gray:-'],
    options,
  );
  const columns = Array.from({ length: area.width }, (_, column) => column);
  return columns.filter((column) =>
    Array.from({ length: area.height }, (_, row) => stdout[row * area.width + column] ?? 255).some((grey) => grey < 110),
  );
}

/** The middle of everything on the screen that has this very colour, when there are at least `fewest` points of it. */
export async function findColour(colour: string, fewest = 40): Promise<Place | undefined> {
  const { stdout } = await run('import', ['-window', 'root', '-depth', '8', 'rgb:-'], { encoding: 'buffer', maxBuffer: 2 ** 24 });
  const { width } = await screenSize();
  const wanted = Buffer.from(colour.slice(1), 'hex');
  const points: Place[] = [];
  for (let at = 0; at + 2 < stdout.length; at += 3) {
    if (stdout[at] !== wanted[0] || stdout[at + 1] !== wanted[1] || stdout[at + 2] !== wanted[2]) continue;
    points.push({ x: (at / 3) % width, y: Math.floor(at / 3 / width) });
  }
  return points.length < fewest ? undefined : points[Math.floor(points.length / 2)];
}

async function screenSize(): Promise<{ readonly width: number; readonly height: number }> {
  const { stdout } = await run('xdotool', ['getdisplaygeometry']);
  const [width = 0, height = 0] = stdout.trim().split(' ').map(Number);
  return { width, height };
}
