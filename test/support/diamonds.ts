import type { Contract, TypeDefinition } from '@halibut-gateway/schemas/contract'

/**
 * A contract of abstract classes in layers of two, where each derives from both of the layer above: the number of ways from the first to the
 * last doubles with each. `Other` derives from none. `asked` hears each time that somebody looks for the classes below one.
 */
export function diamonds(layers: number, asked: () => void = () => undefined): Contract {
  const types: Record<string, TypeDefinition> = { Other: { object: 'T.Other, T', members: [] } }
  for (let layer = 0; layer < layers; layer++) {
    const derived = layer + 1 < layers ? [`A${layer + 1}`, `B${layer + 1}`] : ['Last']
    for (const name of [`A${layer}`, `B${layer}`]) {
      types[name] = Object.defineProperty({ object: `T.${name}, T`, abstract: true, members: [] }, 'derived', {
        enumerable: true,
        get: () => {
          asked()
          return derived
        },
      })
    }
  }
  types['Last'] = { object: 'T.Last, T', members: [] }
  return { contract: 1, service: 'IDiamonds', types, methods: [{ name: 'Take', params: [{ name: 'it', type: 'A0' }], result: 'void' }] }
}
