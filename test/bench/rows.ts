import type { Row } from './rounds.ts'
import { callRows } from './rows/calls.ts'
import { codecRow } from './rows/codec.ts'
import { connectionRows } from './rows/connections.ts'
import { distanceRows } from './rows/distance.ts'
import { fleetRows } from './rows/fleet.ts'
import { gatewayRows } from './rows/gateway.ts'
import { loopRow } from './rows/loop.ts'
import { operationRows } from './rows/operations.ts'
import { pageRows } from './rows/page.ts'
import { streamRows } from './rows/streams.ts'

/** Every row of the goals. */
export const rows: readonly Row[] = [
  codecRow,
  loopRow,
  ...callRows,
  ...streamRows,
  ...connectionRows,
  ...gatewayRows,
  ...distanceRows,
  ...fleetRows,
  ...operationRows,
  ...pageRows,
]
