/** The parts of a room that the pane shows by themselves, one at a time. */
export type RoomPart = 'links' | 'reports' | 'bans' | 'audit';
