import { int64, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { TypeRegistry } from '../../../../server/src/codec/type-registry.ts'

const shapes = (name = 'Acme.Shape, Acme') => service('IShapes', { Draw: method([['name', string]], object(name, { Name: string })) })

test('a contract that is forgotten leaves nothing behind, and what was made of it works on', () => {
  const registry = new TypeRegistry()
  const contract = shapes()
  const compiled = registry.register(contract)
  expect(registry.untyped.resolve('Acme.Shape, Acme').fullName).toBe('Acme.Shape')
  registry.forget(contract)
  expect(registry.contractOf('IShapes')).toBeUndefined()
  expect(registry.untyped.resolve('Acme.Shape, Acme').fullName).not.toBe('Acme.Shape')
  expect(compiled.resolve('Acme.Shape, Acme').fullName).toBe('Acme.Shape')
  expect(compiled.method('Draw').signature).toBe('Draw(string)')
  // What every contract has stays.
  expect(() => registry.resolve('System.Byte[], mscorlib')).not.toThrow()
  registry.forget(contract)
  expect(registry.register(contract)).not.toBe(compiled)
})

test('types that another contract has too are known as long as that one is', () => {
  const registry = new TypeRegistry()
  const [one, same] = [shapes(), shapes()]
  const other = service('IOthers', { Get: method([], object('Acme.Shape, Acme', { Name: string })), Count: method([], int64) })
  expect(registry.register(one)).toBe(registry.register(same))
  registry.register(other)
  registry.forget(one)
  expect(registry.contractOf('IShapes')).toBeDefined()
  registry.forget(same)
  expect(registry.contractOf('IShapes')).toBeUndefined()
  expect(registry.untyped.resolve('Acme.Shape, Acme').fullName).toBe('Acme.Shape')
  registry.forget(other)
  expect(registry.untyped.resolve('Acme.Shape, Acme').fullName).not.toBe('Acme.Shape')
})

test('thousands of contracts that come and go leave the memory of one', () => {
  const registry = new TypeRegistry()
  const names: string[] = []
  for (let i = 0; i < 2_000; i++) {
    const contract = shapes(`Acme.Shape${i}, Acme`)
    names.push(registry.register(contract).method('Draw').result.constructor.name)
    registry.forget(contract)
  }
  expect(names.length).toBe(2_000)
  for (const i of [0, 1_000, 1_999]) expect(registry.untyped.resolve(`Acme.Shape${i}, Acme`).fullName).not.toBe(`Acme.Shape${i}`)
})
