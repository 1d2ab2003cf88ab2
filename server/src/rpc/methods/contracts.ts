import { signatureOf } from '@halibut-gateway/schemas/contract'
import type { Access } from '../../access/access.ts'
import { HalibutError } from '../../base/errors.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import type { Handlers } from '../run.ts'

/** The methods about contracts. */
export function contractsMethods(contracts: ContractDirectory, access: Access): Pick<Handlers, 'contracts.list' | 'contracts.get'> {
  return {
    'contracts.list': (_params, { principal }) => ({
      contracts: contracts
        .list()
        .filter(({ service }) => access.decide(principal, 'contracts.read', { service }).allowed)
        .map(contract => ({ service: contract.service, methods: contract.methods.map(signatureOf) })),
    }),
    'contracts.get': ({ service }, { principal }) => {
      const json = contracts.get(service)
      access.require(principal, 'contracts.read', { service: json?.contract.service ?? service })
      if (!json)
        throw new HalibutError('service_not_found', `the gateway knows no contract for the service ${service}`, {
          advice: 'ask contracts.list',
        })
      return { contract: { ...json.contract } }
    },
  }
}
