import { existsSync } from 'node:fs'
import fastifyStatic from '@fastify/static'
import { fastifyPlugin } from 'fastify-plugin'

/** The page’s files. Without `folder` there is no page. `publicPath`: where browsers see it. */
export const page = fastifyPlugin<{ folder: string | undefined; publicPath: string }>(
  async (app, { folder, publicPath }) => {
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
