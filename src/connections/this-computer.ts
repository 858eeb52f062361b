import { asId, type ConnectionId } from '../base/ids.ts';

/** The connection of local resources: none of the person's accounts, so it has no row. */
export const thisComputer = asId<ConnectionId>('this-computer');
