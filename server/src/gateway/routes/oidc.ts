import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { gatewayLimits } from '../../base/limits.ts'
import { LineBudget } from '../../base/line-budget.ts'
import type { LogSink } from '../../base/log.ts'
import { steadyTime } from '../../base/steady-time.ts'
import { toHalibutError, toRpcError } from '../../rpc/error-map.ts'
import { callbackPath, type PageSignIn } from '../oidc/page-sign-in.ts'
import { signInFailedPage } from '../oidc/sign-in-failed-page.ts'
import { traceIdOf } from '../trace.ts'

/** Where a sign-in at the page begins, and where one is ended, below the address of the page. */
export const oidcPaths = { signIn: 'oidc/sign-in', signOut: 'oidc/sign-out' } as const

const page = { description: 'why it failed, for people', type: 'text/html', schema: Type.String() } as const
const elsewhere = { description: 'where to go on', type: 'text/html', schema: Type.String() } as const
const config = {
  signIn: { document: { summary: 'leads a browser to the OpenID provider', answers: { 303: elsewhere } } },
  callback: {
    document: {
      summary: 'where the OpenID provider leads a browser back to',
      answers: { 303: elsewhere, 401: page, 403: page, 502: page },
    },
  },
  signOut: {
    document: {
      summary: 'ends the sign-in of the browser that asks',
      answers: { 204: { description: 'it is done', schema: Type.Null() } },
    },
  },
} as const

/** Signing in at the page with an OpenID provider. */
export async function oidcRoutes(
  app: FastifyInstance,
  { signIn, log }: { readonly signIn: PageSignIn; readonly log: LogSink },
): Promise<void> {
  const lines = new LineBudget(gatewayLimits.pageSignInLines, steadyTime)
  const failed = (reply: FastifyReply, why: unknown): FastifyReply => {
    const error = toHalibutError(why)
    const told = toRpcError(error, undefined, { traceId: traceIdOf(reply.request) })
    const line = lines.take()
    if (line.allowed) {
      const { traceId } = told.data
      const cause = error.cause instanceof Error ? error.cause.message : undefined
      const fields = { why: error.message, cause, traceId, ...(line.missed > 0 ? { leftOut: line.missed } : {}) }
      log(error.kind === 'internal_error' ? 'error' : 'warn', 'a sign-in at the page failed', fields)
    }
    return signInFailedPage(reply, told)
  }
  app.get(`/${oidcPaths.signIn}`, { config: config.signIn }, async (request, reply) => {
    try {
      return await signIn.begin(request, reply)
    } catch (why) {
      return failed(reply, why)
    }
  })
  app.get(`/${callbackPath}`, { config: config.callback }, async (request, reply) => {
    try {
      return await signIn.end(request, reply)
    } catch (why) {
      return failed(reply, why)
    }
  })
  app.post(`/${oidcPaths.signOut}`, { config: config.signOut }, async (request, reply) => signIn.signOut(request, reply).code(204).send())
}
