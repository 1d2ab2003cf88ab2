import { signatureOf } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../../base/errors.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import type { Handlers } from '../run.ts'

/** The methods about contracts. */
export function contractsMethods(contracts: ContractDirectory): Pick<Handlers, 'contracts.list' | 'contracts.get'> {
  return {
    'contracts.list': () => ({
      contracts: contracts.list().map(contract => ({ service: contract.service, methods: contract.methods.map(signatureOf) })),
    }),
    'contracts.get': ({ service }) => {
      const json = contracts.get(service)
      if (!json)
        throw new HalibutError('service_not_found', `the gateway knows no contract for the service ${service}`, {
          advice: 'ask contracts.list',
        })
      return { contract: { ...json.contract } }
    },
  }
}
