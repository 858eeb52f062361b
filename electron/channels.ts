/** The names under which the window and the core speak. */
export const channels = { begin: 'counterfoil:begin', call: 'counterfoil:call', change: 'counterfoil:change' } as const;
