/** What labels of several metrics may be, in the words of the reference. */

export const serviceLabel = 'user, event, booking, payment, search, operator';
