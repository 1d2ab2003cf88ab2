import { gatewayLimits } from '../base/limits.ts'

/** How a method of an agent is called in metrics, by OpenTelemetry’s names. */
export interface RpcLabels {
  readonly rpc_system: 'halibut'
  readonly rpc_service: string
  readonly rpc_method: string
}

/**
 * Something for each method that was called, made once: for at most `metricMethods`, since each is a time series for good. What comes beyond them,
 * and what no contract knows, is `_other`.
 */
export class PerMethod<T> {
  readonly #make: (labels: RpcLabels) => T
  readonly #max: number
  readonly #bySignature = new Map<string, Map<string, T>>()
  /** Overloads share it. */
  readonly #byName = new Map<string, T>()
  #other: T | undefined

  constructor(make: (labels: RpcLabels) => T, max: number = gatewayLimits.metricMethods) {
    this.#make = make
    this.#max = max
  }

  /** `method`: a signature, of which the name counts. `undefined`: no contract knows it. */
  of(called: { readonly service: string; readonly method: string } | undefined): T {
    if (!called) return this.#others()
    return this.#bySignature.get(called.service)?.get(called.method) ?? this.#find(called.service, called.method)
  }

  #find(service: string, method: string): T {
    const name = method.replace(/\(.*$/, '')
    const key = `${service} ${name}`
    let found = this.#byName.get(key)
    if (found === undefined) {
      if (this.#byName.size >= this.#max) return this.#others()
      found = this.#make({ rpc_system: 'halibut', rpc_service: service, rpc_method: name })
      this.#byName.set(key, found)
    }
    const methods = this.#bySignature.get(service) ?? new Map<string, T>()
    this.#bySignature.set(service, methods.set(method, found))
    return found
  }

  #others(): T {
    this.#other ??= this.#make({ rpc_system: 'halibut', rpc_service: '_other', rpc_method: '_other' })
    return this.#other
  }
}
