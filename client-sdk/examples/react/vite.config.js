import { defineConfig } from 'vite'

// Where `npm start` has its gateway. What the page asks of its own address goes there, as if the gateway’s own page asked.
const target = process.env.GATEWAY ?? 'http://127.0.0.1:8642'
const toGateway = { target, changeOrigin: true, headers: { origin: target } }

export default defineConfig({
  root: import.meta.dirname,
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': toGateway, '/rpc': { ...toGateway, ws: true, rewriteWsOrigin: true } },
    fs: { allow: ['../../..'] },
  },
})
