import * as z from 'zod/mini'
import type { Http } from '../http/http'
import { asked, type FactorAsked } from './factor'

const ways = z.object({ providers: z.array(z.object({ id: z.number(), name: z.string() })), ticket: z.boolean() })
/** What there is beside a password: identity providers, and whether a Kerberos ticket is taken. */
export type Ways = z.infer<typeof ways>

/** The documented way in: a session that a cookie carries. `S`: what the front end wants to know of it, read by `read`. */
export class Door<S> {
  constructor(
    private readonly api: Http,
    private readonly read: (answer: unknown) => S,
  ) {}
  /** 401 with Problem.secondFactor: showFactor() ends the login. 403 with Problem.password: it has expired, changeExpired() gives another. */
  logIn = async (login: string, password: string): Promise<S> => this.read(await this.api.post('/session', { login, password }))
  /** By the ticket of the company's domain, which the browser sends where its policy names this site. */
  logInByTicket = async (): Promise<S> => this.read(await this.api.post('/session', { ticket: true }))
  changeExpired = async (login: string, password: string, fresh: string): Promise<void> => void (await this.api.post('/session/expired-password', { login, password, new_password: fresh }))
  /** A second factor, at the end of a login or once more before something dangerous. */
  showFactor = async (proof: Record<string, string>): Promise<S> => this.read(await this.api.post('/session/second-factor', proof))
  freshChallenge = async (): Promise<FactorAsked> => asked.parse(await this.api.post('/session/challenge'))
  /** Of whoever has this address; without one, of everybody. */
  ways = async (login: string, signal?: AbortSignal): Promise<Ways> => ways.parse(await this.api.get('/session/providers', { login }, signal))
  /** Where the browser goes to log in there; it comes back to `page`. */
  wayTo = (provider: number, page: string, login: string): string => `/api/v1/session/begin?${new URLSearchParams({ provider: String(provider), return: page, login })}`
  logOut = async (): Promise<void> => void (await this.api.delete('/session'))
}
