// How a service is described: the builders, from which the types of calls come.
export * from '@halibut-gateway/schemas/contract'
