import type { TSchema } from '@sinclair/typebox'
import { fastifyPlugin } from 'fastify-plugin'

/** What a route that is no method of the one map says of itself. */
export interface RouteDocument {
  readonly summary: string
  /** By status. Failures need not be told: they are problems everywhere. */
  readonly answers: Readonly<Record<number, RouteAnswer>>
  /** It wants a token. */
  readonly signedIn?: boolean
}

/** One answer of a route. */
export interface RouteAnswer {
  readonly description: string
  /** Default `application/json`. */
  readonly type?: string
  readonly schema: TSchema
}

/** A route that there is. */
export interface KnownRoute {
  readonly verb: string
  readonly path: string
  readonly document: RouteDocument | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** In their order, without HEAD, and without OPTIONS, which is for all of them. */
    readonly knownRoutes: readonly KnownRoute[]
  }
  interface FastifyContextConfig {
    /** Stands in `/openapi.json`. */
    readonly document?: RouteDocument
  }
}

/** Knows which routes are registered after it. */
export const routeDocuments = fastifyPlugin(
  async app => {
    const knownRoutes: KnownRoute[] = []
    app.decorate('knownRoutes', knownRoutes)
    app.addHook('onRoute', ({ method, url, config }) => {
      const verbs = typeof method === 'string' ? [method] : method
      for (const verb of verbs) if (verb !== 'HEAD' && verb !== 'OPTIONS') knownRoutes.push({ verb, path: url, document: config?.document })
    })
  },
  { name: 'route-documents' },
)
