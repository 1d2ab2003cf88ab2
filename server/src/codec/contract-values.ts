// Values by contract to BSON and back: the public names of this part of the codec.
export type { ClrType, DecodeContext, EncodeContext, Materialised, Slot, ValueCodec } from './clr-type.ts'
export { materialisedNull } from './clr-type.ts'
export { toUntyped, toUntypedInParts } from './materialise.ts'
export { matchArguments, resolveOverload } from './overloads.ts'
export type { Corlib } from './type-names.ts'
export { type CompiledContract, type CompiledMethod, TypeRegistry, type TypeResolver } from './type-registry.ts'
export { refuseMisfit } from './value-marks.ts'
