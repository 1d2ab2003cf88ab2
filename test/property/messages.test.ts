import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { defaultLimits } from '../../server/src/base/limits.ts'
import { resolveOverload, TypeRegistry } from '../../server/src/codec/contract-values.ts'
import { decodeRequest, decodeResponse } from '../../server/src/codec/envelope.ts'
import { calculatorService, echoService, typesService } from '../support/sample-contracts.ts'

const registry = new TypeRegistry()
registry.register(calculatorService)
registry.register(typesService)
const echo = registry.register(echoService)

const recorded = (
  JSON.parse(readFileSync(new URL('../vectors/values.json', import.meta.url), 'utf8')) as {
    values: { asParameter: { requestBsonHex?: string }; asMember: { requestBsonHex?: string }; asResult: { responseBsonHex?: string } }[]
  }
).values.flatMap(value =>
  [value.asParameter.requestBsonHex, value.asMember.requestBsonHex, value.asResult.responseBsonHex].filter(hex => hex !== undefined),
)

/** Decodes as both ends would and goes on with what comes of it. */
function use(document: Buffer): void {
  const request = decodeRequest(document, registry, defaultLimits)
  if (!request.null) {
    const methods = registry.contractOf(request.service ?? '')?.methods(request.method ?? '') ?? []
    if (methods.length > 0) {
      const method = resolveOverload(methods, request.args)
      method.params.forEach((param, i) => void param.fromArgument(request.args[i] ?? { clrType: '<null>', type: undefined, value: null }))
    }
  }
  const response = decodeResponse(document, registry, defaultLimits)
  if (response) echo.method('SayHello').result.fromResult(response.result)
}

function expectOnlyHalibutErrors(document: Buffer): void {
  try {
    use(document)
  } catch (error) {
    expect(error).toBeInstanceOf(HalibutError)
  }
}

test('a recorded message with some bytes changed gives values or a HalibutError, never another error', () => {
  fc.assert(
    fc.property(fc.constantFrom(...recorded), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), (hex, changes) => {
      const document = Buffer.from(hex, 'hex')
      for (const [at, value] of changes) document[at % document.length] = value
      expectOnlyHalibutErrors(document)
    }),
    { numRuns: 4_000 },
  )
})

test('a message cut short, and noise, give values or a HalibutError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...recorded), fc.nat(), (hex, at) => {
      const document = Buffer.from(hex, 'hex')
      expectOnlyHalibutErrors(document.subarray(0, at % document.length))
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), noise => expectOnlyHalibutErrors(Buffer.from(noise))),
    { numRuns: 1_000 },
  )
})
