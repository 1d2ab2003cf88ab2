import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { OwnIdentity } from '../fleet/gateway-certificates.ts'
import type { Check } from './attention.ts'

/** Certificates that take the place of others, ours and those of agents: until one of the two is dropped, both are good. */
export function rotationCheck(own: () => readonly OwnIdentity[], directory: Pick<AgentDirectory, 'ids' | 'get'>): Check {
  return {
    name: 'certificates that are replaced',
    *look() {
      for (const { thumbprint, state, addedMs } of own()) {
        if (state !== 'next' && state !== 'previous') continue
        yield {
          code: 'rotation_under_way',
          subject: thumbprint,
          about: { thumbprint },
          ...(state === 'next' && { sinceMs: addedMs }),
          version: state,
          tell: () => ({
            text:
              state === 'next'
                ? `the certificate ${thumbprint} is to take the place of the gateway’s, and is presented beside it`
                : `the gateway’s certificate before this one, ${thumbprint}, is still presented for agents that depend on it`,
            action: {
              text: 'look which agents accept which, then promote the new one or retire the old one',
              command: 'halibut-gateway cert agents',
            },
          }),
        }
      }
      for (const id of directory.ids()) {
        const { thumbprint, nextThumbprint } = directory.get(id)?.definition ?? {}
        if (nextThumbprint === undefined) continue
        yield {
          code: 'rotation_under_way',
          subject: id,
          about: { agent: id, thumbprint: nextThumbprint },
          version: nextThumbprint,
          tell: () => ({
            text: `${id} may come with the certificate ${nextThumbprint} beside ${thumbprint}, which it has until it was seen with the other one`,
            action: { text: 'give its machine the new certificate', command: `halibut-gateway agents get ${id}` },
          }),
        }
      }
    },
  }
}
