import type * as FromSchemas from '@halibut-gateway/schemas'
import type * as Plain from '@halibut-gateway/schemas/wire'
import { expectTypeOf, test } from 'vitest'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** The names of those methods whose types differ. */
type Differing = {
  [M in FromSchemas.MethodName]: Same<
    [FromSchemas.MethodParams<M>, FromSchemas.MethodResult<M>],
    [Plain.MethodParams<M>, Plain.MethodResult<M>]
  > extends true
    ? never
    : M
}[FromSchemas.MethodName]

test('the plain types of the methods are those of the schemas', () => {
  expectTypeOf<Plain.MethodName>().toEqualTypeOf<FromSchemas.MethodName>()
  expectTypeOf<Differing>().toEqualTypeOf<never>()
  expectTypeOf<Plain.WatchItem<'calls.watch'>>().toEqualTypeOf<FromSchemas.WatchItem<'calls.watch'>>()
  expectTypeOf<Plain.WatchItem<'inspect.watch'>>().toEqualTypeOf<FromSchemas.WatchItem<'inspect.watch'>>()
  expectTypeOf<Plain.WatchItem<'agents.watch'>>().toEqualTypeOf<FromSchemas.WatchItem<'agents.watch'>>()
})
