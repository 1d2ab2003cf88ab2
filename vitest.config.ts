import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@halibut-gateway/source'] },
  ssr: { resolve: { conditions: ['@halibut-gateway/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/full/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
