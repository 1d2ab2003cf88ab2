import { resolve } from 'node:path'

/** One line of the product, made wrong. */
export interface Mutation {
  /** What is then wrong, as a sentence. */
  readonly wrong: string
  /** Below the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** The tests that must notice it: files below `test`. */
  readonly tests: readonly string[]
}

/** The environment variable in which {@link mutationPlugin} gets its mutation, as JSON. */
export const mutationVariable = 'HALIBUT_TEST_MUTATION'

const repository = resolve(import.meta.dirname, '../..')

/** For Vitest: loads the product with the mutation of the environment, where there is one. No file is changed. */
export function mutationPlugin(): { name: string; enforce: 'pre'; transform(code: string, id: string): string | undefined } {
  const text = process.env[mutationVariable]
  const mutation = text === undefined ? undefined : (JSON.parse(text) as Mutation)
  const target = mutation && resolve(repository, mutation.file)
  return {
    name: 'mutation',
    enforce: 'pre',
    transform(code, id) {
      if (!mutation || id.split('?')[0] !== target) return undefined
      if (code.split(mutation.find).length !== 2)
        throw new Error(`${mutation.file} does not have exactly one ${JSON.stringify(mutation.find)}`)
      return code.replace(mutation.find, () => mutation.replace)
    },
  }
}
