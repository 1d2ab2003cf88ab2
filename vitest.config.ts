import { defineConfig } from 'vitest/config'
import { mutationPlugin } from './test/support/mutation-plugin.ts'

/** `vitest run` runs the tests of every day, `vitest run --mode full` the big sizes, one file after another. */
export default defineConfig(({ mode }) => {
  const full = mode === 'full'
  const timeout = full ? 1_800_000 : 30_000
  return {
    plugins: [mutationPlugin()],
    resolve: { conditions: ['@halibut-gateway/source'] },
    ssr: { resolve: { conditions: ['@halibut-gateway/source'] } },
    test: {
      include: [full ? 'test/full/**/*.test.ts' : 'test/**/*.test.ts'],
      exclude: ['**/node_modules/**', ...(full ? [] : ['test/full/**'])],
      setupFiles: ['test/support/leaks.ts'],
      testTimeout: timeout,
      hookTimeout: timeout,
      pool: 'forks',
      maxWorkers: full ? 1 : 2,
      fileParallelism: !full,
    },
  }
})
