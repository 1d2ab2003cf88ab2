import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import type { Handlers } from '../run.ts'

/** The method that opens a session, or goes on with one. */
export function helloMethods(options: { readonly epoch: string; readonly version: string }): Pick<Handlers, 'hello'> {
  return {
    hello: (params, context) => {
      const opened = context.openSession(params.resume)
      if (!opened) throw new HalibutError('invalid_request', 'hello was said already')
      return {
        server: { name: 'halibut-gateway', version: options.version },
        ...opened,
        epoch: options.epoch,
        principal: { name: context.principal.name, role: context.principal.role },
        limits: { ...facadeLimits },
      }
    },
  }
}
