/** Moves the focus to the next or previous `data-row-focus` element in a list; to the first when none has it. */
export function moveInRows(list: HTMLElement | null, by: 1 | -1): void {
  const stops = [...(list?.querySelectorAll<HTMLElement>('[data-row-focus]') ?? [])];
  const at = stops.findIndex((stop) => stop.closest('[data-id]')?.contains(document.activeElement));
  const next = at === -1 ? 0 : Math.min(stops.length - 1, Math.max(0, at + by));
  stops[next]?.focus();
}
