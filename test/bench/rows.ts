import type { Row } from './rounds.ts'
import { callRows } from './rows/calls.ts'
import { codecRow } from './rows/codec.ts'
import { connectionRows } from './rows/connections.ts'
import { streamRows } from './rows/streams.ts'

/** Every row of the goals that concerns the engine alone. */
export const rows: readonly Row[] = [codecRow, ...callRows, ...streamRows, ...connectionRows]
