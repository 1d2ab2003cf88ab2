import type { AgentSnapshot, PendingSnapshot } from '@halibut-gateway/schemas'

/** Two thumbprints that should be one. */
export interface Mismatch {
  readonly expected: string
  readonly seen: string
  /** More about the one that was seen, where it is known. */
  readonly facts?: NonNullable<AgentSnapshot['mismatch']>
}

/** What an agent’s state tells of a certificate that is not the pinned one. */
export function mismatchOf({ thumbprint, mismatch, state, reason }: AgentSnapshot): Mismatch | undefined {
  if (mismatch && state !== 'connected') return { expected: thumbprint, seen: mismatch.thumbprint, facts: mismatch }
  return mismatchIn(reason)
}

/** The thumbprints that a text about a wrong pin names; `undefined` where it is about something else. */
export function mismatchIn(text: string): Mismatch | undefined {
  const [, seen, expected] =
    /has the thumbprint ([0-9A-F]{40,64}|of nothing: there is none)\b.*?but ([0-9A-F]{40,64}) is pinned/s.exec(text) ?? []
  return seen === undefined || expected === undefined ? undefined : { expected, seen: seen.length < 40 ? 'none' : seen }
}

/** What a cause of a refusal is called, and what it mostly means. */
export const causeWords: Readonly<Record<PendingSnapshot['cause'], { readonly title: string; readonly meaning: string }>> = {
  unknown: { title: 'New', meaning: 'Nobody has registered it.' },
  rotated: { title: 'New certificate', meaning: 'An agent’s name with another certificate, while that agent is away.' },
  cloned: { title: 'Used twice', meaning: 'An agent’s name or certificate, while that agent is connected too.' },
  renamed: { title: 'New name', meaning: 'An agent’s certificate with another name, while that agent is away.' },
  intercepted: { title: 'Intercepted', meaning: 'Somebody stands in between: mostly a proxy that looks into TLS.' },
  wrong_role: { title: 'Wrong role', meaning: 'It wants to call services, or to be called, and does not poll.' },
  disabled: { title: 'Disabled', meaning: 'A person has disabled the agent.' },
  revoked: { title: 'Revoked', meaning: 'A person has revoked its certificate.' },
  held: { title: 'Held', meaning: 'A person keeps this machine out, while another one has the same certificate.' },
}

/** What to do about an agent that is not connected. */
export function adviceFor(agent: AgentSnapshot, knock: PendingSnapshot | undefined): string | undefined {
  if (knock) return `Somebody knocks in its name: ${knock.advice}.`
  if (agent.advice !== undefined) return `To go on: ${agent.advice}.`
  switch (agent.state) {
    case 'connected':
      return undefined
    case 'disabled':
      return 'It takes no calls until somebody enables it.'
    case 'suspect':
      return 'It should have answered and did not. Calls are tried all the same; wait a moment.'
    case 'untrusted':
      return mismatchOf(agent)
        ? 'Compare both thumbprints with what the machine itself tells. Pin the new one only where its certificate was really replaced.'
        : 'Look at the certificate on the machine, and at what the gateway knows of it.'
    case 'offline':
      return agent.mode === 'polling'
        ? 'Look whether the agent runs, and whether it polls the address of this gateway, trusts its thumbprint and reaches it through the firewall.'
        : 'Look whether the agent runs and listens at this address, and whether the gateway reaches it through the firewall.'
  }
}
