import { existsSync } from 'node:fs'
import fastifyStatic from '@fastify/static'
import { fastifyPlugin } from 'fastify-plugin'

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** The headers that every answer carries. */
const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const

/** The page’s files, and the headers that keep everything foreign out of it. Without `folder` there is no page. `publicPath`: where browsers see it. */
export const page = fastifyPlugin<{ folder: string | undefined; publicPath: string }>(
  async (app, { folder, publicPath }) => {
    app.addHook('onRequest', async (_request, reply) => void reply.headers(securityHeaders))
    if (folder === undefined || !existsSync(folder)) return
    // Below its path only: the page’s addresses are relative.
    if (publicPath !== '/') app.get(publicPath.slice(0, -1), async (_request, reply) => reply.redirect(publicPath, 308))
    await app.register(async files => {
      // A browser asks for scripts with an Origin; behind a proxy that is not known as the gateway’s the page can at least say what is wrong.
      files.addHook('onRoute', route => {
        route.config = { ...route.config, anyOrigin: true }
      })
      await files.register(fastifyStatic, {
        root: folder,
        cacheControl: false,
        setHeaders: (response, path) => {
          // File names below assets/ carry a digest of their content.
          const forever = /[\\/]assets[\\/]/.test(path)
          response.setHeader('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
        },
      })
    })
  },
  { name: 'page' },
)
