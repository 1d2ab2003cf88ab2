import type { HasDefault, MethodSpec, Parameters, TypedContract } from './contract-builders.ts'
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

/** What a caller gives: the last ones may be missing where they have a default. */
type Arguments<P extends Parameters, Tail extends readonly unknown[] = []> = P extends readonly [
  ...infer Before extends Parameters,
  readonly [string, infer T extends Type],
]
  ? T extends HasDefault
    ? Arguments<Before, [In<T>?, ...Tail]>
    : [...{ -readonly [I in keyof P]: In<P[I][1]> }, ...Tail]
  : Tail
type ReceivedArguments<P extends Parameters> = { -readonly [I in keyof P]: Out<P[I][1]> }
type ParameterTypes<P extends Parameters> = { [I in keyof P]: P[I][1] }
type Signature<N, S> =
  S extends MethodSpec<infer P extends Parameters, Type>
    ? `${N & string}(${Texts<ParameterTypes<P> extends infer L extends readonly Type[] ? L : []>})`
    : never

type Intersect<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never

type Call<S, Stream, Options, Received> =
  S extends MethodSpec<infer P extends Parameters, infer R>
    ? (
        ...args: [...(Bind<Arguments<P>, Stream> extends infer A extends readonly unknown[] ? A : never), options?: Options]
      ) => Promise<Bind<Out<R>, Received>>
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
