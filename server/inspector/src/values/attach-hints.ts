import type { AgentSide } from '../state/about.ts'

/** After so long without the agent people want to know what to look at. Milliseconds. */
export const hintAfterMs = 15_000

/** Something to look at where an agent does not come, with a line to paste where one helps. */
export interface AttachHint {
  readonly text: string
  readonly lines?: readonly string[]
}

/** What to look at where an agent that polls does not knock. `denied`: how many were turned away for good; `later`: put off. */
export function pollingHints({ host, port, thumbprint, isLoopback }: AgentSide, denied: number, later: number): readonly AttachHint[] {
  return [
    { text: 'Does its service run? A Tentacle says why not in its log.' },
    isLoopback
      ? { text: `Does it run on the gateway’s machine? At ${host} only that one reaches the gateway.` }
      : {
          text: 'Does its machine reach the gateway? One of these says so there:',
          lines: [`Test-NetConnection ${host} -Port ${port}`, `nc -vz ${host} ${port}`],
        },
    {
      text: `Does it trust this gateway? It must know the thumbprint ${thumbprint}; with another one it hangs up, and says so in its own log.`,
    },
    ...(denied > 0 ? [{ text: 'Was its certificate denied before? Those that were stand under Trust, and do not show up here.' }] : []),
    ...(later > 0 ? [{ text: 'Was it put off? Those that were stand under Trust until their time has come.' }] : []),
  ]
}
