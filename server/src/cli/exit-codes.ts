import type { ErrorKind } from '@halibut-gateway/schemas/wire'

/** The one table of exit codes: the help and OPERATING.md show it. */
export const exitCodes = {
  done: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'something else failed; the message says what' },
  usage: { code: 2, meaning: 'the command line, or an argument of the call, is not acceptable' },
  settings: { code: 3, meaning: 'the settings are not acceptable' },
  unreachable: { code: 4, meaning: 'the gateway was not reached' },
  refused: { code: 5, meaning: 'there is no valid token, or it does not allow this' },
  notFound: { code: 6, meaning: 'there is no such agent, service, method, contract or token' },
  agentUnreachable: { code: 7, meaning: 'the agent was not reached, or took no call: the request was never sent' },
  agentFailed: { code: 8, meaning: 'the agent ran the request, and it failed there' },
  mayHaveRun: { code: 9, meaning: 'the request left, and may have run' },
  fault: { code: 10, meaning: 'doctor found a fault' },
  tampered: { code: 11, meaning: 'the audit log was changed, or a part of it is missing' },
  assertionFailed: { code: 12, meaning: 'a saved call did not come out as it should: an assertion does not hold' },
  hungUp: { code: 129, meaning: 'ended by SIGHUP' },
  interrupted: { code: 130, meaning: 'ended by SIGINT (Ctrl-C)' },
  terminated: { code: 143, meaning: 'ended by SIGTERM' },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>

/** Why the process ends as it does. */
export type ExitName = keyof typeof exitCodes

/** What a kind of error is for whoever wrote the command, where it is known that the request did not leave. Default: `failed`. */
const exitsOfKinds: Readonly<Partial<Record<ErrorKind, ExitName>>> = {
  connect_refused: 'agentUnreachable',
  connect_timeout: 'agentUnreachable',
  host_not_found: 'agentUnreachable',
  connect_failed: 'agentUnreachable',
  proxy_failed: 'agentUnreachable',
  tls_failed: 'agentUnreachable',
  thumbprint_mismatch: 'agentUnreachable',
  identify_failed: 'agentUnreachable',
  connection_lost: 'agentUnreachable',
  connection_limit: 'agentUnreachable',
  protocol_error: 'agentUnreachable',
  io_timeout: 'agentUnreachable',
  deadline_exceeded: 'agentUnreachable',
  closed: 'agentUnreachable',
  queue_full: 'agentUnreachable',
  agent_unavailable: 'agentUnreachable',
  cancelled: 'interrupted',
  service_not_found: 'notFound',
  method_not_found: 'notFound',
  unknown_method: 'notFound',
  agent_not_found: 'notFound',
  not_found: 'notFound',
  ambiguous_method: 'usage',
  invalid_argument: 'usage',
  conflict: 'usage',
  invalid_contract: 'usage',
  invalid_params: 'usage',
  unauthorized: 'refused',
  forbidden: 'refused',
  service_failed: 'agentFailed',
  remote_error: 'agentFailed',
}

/** What there is to know of a failure: of our errors, and of the client’s. */
interface Failure {
  readonly kind: ErrorKind
  readonly delivery?: 'not_sent' | 'unknown' | 'executed'
  readonly agent?: string | undefined
}

/** How a command ends that failed so. Without an agent it was the gateway that could not be reached. */
export function exitOf({ kind, delivery = 'not_sent', agent }: Failure): ExitName {
  const exit = exitsOfKinds[kind] ?? 'failed'
  if (exit === 'notFound' || exit === 'usage' || exit === 'refused') return exit
  if (delivery === 'unknown') return 'mayHaveRun'
  if (delivery === 'executed') return 'agentFailed'
  return exit === 'agentUnreachable' && agent === undefined ? 'unreachable' : exit
}

/** The table as text. */
export function exitCodesText(): string {
  return Object.values(exitCodes)
    .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`)
    .join('\n')
}

/** The exit code of a process that a signal ends. */
export function exitOfSignal(signal: NodeJS.Signals): number {
  const name: ExitName = signal === 'SIGINT' ? 'interrupted' : signal === 'SIGTERM' ? 'terminated' : 'hungUp'
  return exitCodes[name].code
}
