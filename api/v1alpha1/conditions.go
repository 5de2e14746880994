package v1alpha1

// Condition types of a SecurityBaseline.
const (
	// ConditionReady is True when this generation is compiled and every object in scope was judged. Drift never
	// makes it False. Reasons: Evaluated, Suspended, Evaluating, InvalidBaseline.
	ConditionReady = "Ready"
	// ConditionCompliant is True when nothing has drifted. Reasons: NoDrift, DriftFound, EvaluationIncomplete, Evaluating,
	// Suspended, InvalidBaseline.
	ConditionCompliant = "Compliant"
	// ConditionEvaluationComplete is False when something in scope could not be read or judged, and names it.
	// Reasons: AllKindsReadable, KindsUnreadable, ObjectsNotEvaluated, ReportsTruncated, Evaluating, Suspended,
	// InvalidBaseline.
	ConditionEvaluationComplete = "EvaluationComplete"
	// ConditionExceptionsHealthy is False when an exception is expired, expires within seven days, is unused or invalid,
	// and names it. Reasons: AllActive, ExceptionsInvalid, ExceptionsExpired, ExceptionsExpiring, ExceptionsUnused,
	// Evaluating, Suspended, InvalidBaseline.
	ConditionExceptionsHealthy = "ExceptionsHealthy"
	// ConditionReconciling is there, and True, only while a new generation is being judged. Reason: Evaluating.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is there, and True, only while the baseline cannot be judged until somebody changes it.
	// Reason: InvalidBaseline.
	ConditionStalled = "Stalled"
)

// Condition types of a DriftReport.
const (
	// ConditionDrifted is True while findings are open. Reasons: FindingsOpen, AllWaived, AllResolved.
	ConditionDrifted = "Drifted"
	// ConditionEvaluated is True when every check of every covering baseline was made on the target as it is, and
	// Unknown otherwise. Reasons: AllChecksEvaluated, ChecksNotEvaluated.
	ConditionEvaluated = "Evaluated"
)

// Reasons of conditions. The same words are the reasons of the Events that tell of the same thing.
const (
	// ReasonEvaluated means that every object in scope was judged.
	ReasonEvaluated = "Evaluated"
	// ReasonEvaluating means that the objects in scope are being judged.
	ReasonEvaluating = "Evaluating"
	// ReasonSuspended means that spec.suspend is true: reports stay as they are.
	ReasonSuspended = "Suspended"
	// ReasonInvalidBaseline means that the baseline says something that cannot be judged; the message names the field.
	ReasonInvalidBaseline = "InvalidBaseline"
	// ReasonNoDrift means that no finding is open.
	ReasonNoDrift = "NoDrift"
	// ReasonDriftFound means that findings are open.
	ReasonDriftFound = "DriftFound"
	// ReasonEvaluationIncomplete means that nothing has drifted as far as could be seen, and not all could be.
	ReasonEvaluationIncomplete = "EvaluationIncomplete"
	// ReasonAllKindsReadable means that every kind in scope could be read, and every object in it judged.
	ReasonAllKindsReadable = "AllKindsReadable"
	// ReasonKindsUnreadable means that a kind in scope could not be listed or watched; the message names it.
	ReasonKindsUnreadable = "KindsUnreadable"
	// ReasonObjectsNotEvaluated means that objects in scope could not be judged; the message says how many and why.
	ReasonObjectsNotEvaluated = "ObjectsNotEvaluated"
	// ReasonReportsTruncated means that the ceiling of reports was reached, so that drifted objects have no report.
	ReasonReportsTruncated = "ReportsTruncated"
	// ReasonFindingsOpen means that findings are open.
	ReasonFindingsOpen = "FindingsOpen"
	// ReasonAllResolved means that the last finding was resolved.
	ReasonAllResolved = "AllResolved"
	// ReasonAllWaived means that exceptions waive all findings that there are.
	ReasonAllWaived = "AllWaived"
	// ReasonAllActive means that every exception waives findings and ends later than in seven days, if at all; or that
	// there is none.
	ReasonAllActive = "AllActive"
	// ReasonExceptionsInvalid means that an exception waives nothing because it breaks a rule; the message names it.
	ReasonExceptionsInvalid = "ExceptionsInvalid"
	// ReasonExceptionsExpired means that an exception has ended.
	ReasonExceptionsExpired = "ExceptionsExpired"
	// ReasonExceptionsExpiring means that an exception ends within seven days.
	ReasonExceptionsExpiring = "ExceptionsExpiring"
	// ReasonExceptionsUnused means that nothing matches an exception.
	ReasonExceptionsUnused = "ExceptionsUnused"
	// ReasonAllChecksEvaluated means that every check could be made.
	ReasonAllChecksEvaluated = "AllChecksEvaluated"
	// ReasonChecksNotEvaluated means that a check could not be made; the message names it.
	ReasonChecksNotEvaluated = "ChecksNotEvaluated"
)

// Reasons of Events.
const (
	// EventDriftDetected tells that an object drifted that had not before.
	EventDriftDetected = "DriftDetected"
	// EventDriftChanged tells that the findings of a drifted object changed.
	EventDriftChanged = "DriftChanged"
	// EventDriftResolved tells that the last open finding was resolved.
	EventDriftResolved = "DriftResolved"
	// EventInvalidBaseline tells that a baseline cannot be judged.
	EventInvalidBaseline = "InvalidBaseline"
	// EventEvaluationIncomplete tells that something in a baseline's scope cannot be read or judged.
	EventEvaluationIncomplete = "EvaluationIncomplete"
	// EventGuardrailDeleted tells that a guardrail was deleted over which a baseline watches.
	EventGuardrailDeleted = "GuardrailDeleted"
	// EventBaselineChanged tells that somebody changed what a baseline declares.
	EventBaselineChanged = "BaselineChanged"
	// EventOwnPermissionsChanged tells that somebody changed what the operator itself may do.
	EventOwnPermissionsChanged = "OwnPermissionsChanged"
	// EventExceptionExpired tells that an exception has ended, so that what it waived is open.
	EventExceptionExpired = "ExceptionExpired"
	// EventExceptionExpiring tells that an exception ends within seven days.
	EventExceptionExpiring = "ExceptionExpiring"
	// EventExceptionUnused tells that nothing matches an exception.
	EventExceptionUnused = "ExceptionUnused"
	// EventExceptionInvalid tells that an exception waives nothing because it breaks a rule.
	EventExceptionInvalid = "ExceptionInvalid"
)
