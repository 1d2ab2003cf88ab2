import type { HasDefault, HasDescription, MethodSpec, Parameters, TypedContract } from './contract-builders.ts'
import type { About, Labelled } from './contract-labels.ts'
import type { In, Out, StreamSlot, Texts, Type } from './contract-type-builders.ts'

/** Puts the platform’s data stream in the place of {@link StreamSlot}, wherever it stands. */
export type Bind<T, Stream> = T extends StreamSlot
  ? Stream
  : T extends Date | Uint8Array | string | number | bigint | boolean | null | undefined
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? Map<K, Bind<V, Stream>> | (ReadonlyMap<K, V> extends T ? ReadonlyMap<K, Bind<V, Stream>> : never)
      : T extends ReadonlySet<unknown>
        ? T
        : T extends object
          ? { [K in keyof T]: Bind<T[K], Stream> }
          : T

type Parameter = Parameters[number]
/** What a contract says of a parameter. */
type DescriptionOf<T> = T extends HasDescription<infer D> ? D : undefined
type Argument<P extends Parameter, Stream> = Labelled<P[0], Bind<In<P[1]>, Stream>, DescriptionOf<P[1]>>

/** What a caller gives: the last ones may be missing where they have a default. */
type Arguments<P extends Parameters, Stream, Tail extends readonly unknown[] = []> = P extends readonly [
  ...infer Before extends Parameters,
  infer Last extends Parameter,
]
  ? Last[1] extends HasDefault
    ? Arguments<Before, Stream, [...Partial<Argument<Last, Stream>>, ...Tail]>
    : RequiredArguments<P, Stream, Tail>
  : RequiredArguments<P, Stream, Tail>
type RequiredArguments<P extends Parameters, Stream, Tail extends readonly unknown[]> = number extends P['length']
  ? Bind<In<P[number][1]>, Stream>[]
  : P extends readonly [...infer Before extends Parameters, infer Last extends Parameter]
    ? RequiredArguments<Before, Stream, [...Argument<Last, Stream>, ...Tail]>
    : Tail
type ReceivedArguments<P extends Parameters> = { -readonly [I in keyof P]: Out<P[I][1]> }
type ParameterTypes<P extends Parameters> = { [I in keyof P]: P[I][1] }
type Signature<N, S> =
  S extends MethodSpec<infer P extends Parameters, Type>
    ? `${N & string}(${Texts<ParameterTypes<P> extends infer L extends readonly Type[] ? L : []>})`
    : never

type Intersect<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never

/** Whether a description is known to the letter. */
type IsText<D> = string extends D ? false : D extends string ? true : false

type Call<S, Stream, Options, Received> =
  S extends MethodSpec<infer P extends Parameters, infer R, infer D>
    ? IsText<D> extends true
      ? (this: About<D & string>, ...args: [...Arguments<P, Stream>, options?: Options]) => Promise<Bind<Out<R>, Received>>
      : (...args: [...Arguments<P, Stream>, options?: Options]) => Promise<Bind<Out<R>, Received>>
    : never

/**
 * The caller’s view of a contract: `client.Add(1n, 2n)`, with options as a last, optional argument. An overloaded method is called by its
 * name where the values decide, or by its signature: `client['Overloaded(double,double)'](1, 2)`. `Stream` is what goes in for a data stream, `Received` what comes out.
 */
export type ServiceClient<C, Stream = StreamSlot, Options = object, Received = Stream> =
  C extends TypedContract<infer M>
    ? {
        readonly [N in keyof M]: M[N] extends readonly (infer S)[]
          ? Intersect<Call<S, Stream, Options, Received>>
          : Call<M[N], Stream, Options, Received>
      } & {
        readonly [K in Overload<M> as K['signature']]: Call<K['spec'], Stream, Options, Received>
      }
    : never

type Overload<M> = {
  [N in keyof M]: M[N] extends readonly (infer S)[] ? (S extends MethodSpec ? { signature: Signature<N, S>; spec: S } : never) : never
}[keyof M]

type Handler<S, Stream, Context> =
  S extends MethodSpec<infer P extends Parameters, infer R>
    ? (
        ...args: [...(Bind<ReceivedArguments<P>, Stream> extends infer A extends readonly unknown[] ? A : never), context: Context]
      ) => Bind<In<R>, Stream> | Promise<Bind<In<R>, Stream>>
    : never

/** What a service has to offer for a contract: a function for each method, or for each signature of an overloaded one. */
export type ServiceImplementation<C, Stream = StreamSlot, Context = unknown> =
  C extends TypedContract<infer M>
    ? {
        readonly [N in keyof M as M[N] extends readonly unknown[] ? never : N]: Handler<M[N], Stream, Context>
      } & {
        readonly [K in Overload<M> as K['signature']]: Handler<K['spec'], Stream, Context>
      }
    : never
