import { facadeLimits } from '@halibut-gateway/schemas/wire'
import type { Handlers } from '../dispatcher.ts'

/** The method that opens a session. */
export function helloMethods(options: { readonly epoch: string; readonly version: string }): Pick<Handlers, 'hello'> {
  return {
    hello: (_params, context) => ({
      server: { name: 'halibut-gateway', version: options.version },
      session: context.session,
      resumed: false,
      epoch: options.epoch,
      principal: context.principal,
      limits: { ...facadeLimits },
    }),
  }
}
