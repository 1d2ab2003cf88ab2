import { expect, test } from 'vitest'
import { PerMethod, type RpcLabels } from '../../../../server/src/telemetry/per-method.ts'

test('a method has something of its own as long as there are not too many, made once, and overloads share it', () => {
  const made: RpcLabels[] = []
  const perMethod = new PerMethod(labels => made.push(labels) && labels, 3)
  const of = (service: string, method: string) => perMethod.of({ service, method })
  const add = of('IA', 'Add(int64,int64)')
  expect(add).toEqual({ rpc_system: 'halibut', rpc_service: 'IA', rpc_method: 'Add' })
  expect(of('IA', 'Add(double,double)')).toBe(add)
  expect(of('IB', 'Add()')).toMatchObject({ rpc_service: 'IB' })
  expect(of('IC', 'One()')).toMatchObject({ rpc_method: 'One' })
  const other = { rpc_system: 'halibut', rpc_service: '_other', rpc_method: '_other' }
  expect([of('IC', 'Two()'), of('ID', 'One()'), perMethod.of(undefined)]).toEqual([other, other, other])
  expect(of('IA', 'Add(int64,int64)')).toBe(add)
  expect(made).toHaveLength(4)
})
