import 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What a test measured, one line; `npm run test:full` writes it into `test/full/README.md`. */
    figures?: string
  }
}
