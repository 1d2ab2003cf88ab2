import type { ExitName } from './exit-codes.ts'
import type { CliIo } from './io.ts'

/** What a verb does: it resolves with how the process ends. */
export type Act = (io: CliIo) => Promise<ExitName>

/** How a verb hands on what it is asked to do: it runs after the whole line was read. `asJson`: errors are told so too. */
export type Plan = (act: Act, asJson?: boolean) => void
