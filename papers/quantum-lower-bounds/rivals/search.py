"""Grover's search with ten iterations; the answer is the probability of the marked item."""

import numpy

PACKAGES = ["numpy", "qiskit-aer", "pennylane-lightning"]


def read(inputs):
    qubits, marked, iterations = numpy.load(inputs / "search.npy").astype(int)
    return int(qubits), int(marked), int(iterations)


def reflections(inputs, threads):
    qubits, marked, iterations = read(inputs)

    def call():
        state = numpy.full(2**qubits, 2 ** (-qubits / 2))
        for _ in range(iterations):
            state[marked] *= -1
            state = 2 * state.mean() - state
        return state[marked] ** 2

    return call, lambda found: numpy.array([found])


def aer(inputs, threads):
    import qiskit
    from qiskit_aer import AerSimulator

    qubits, marked, iterations = read(inputs)
    circuit = qiskit.QuantumCircuit(qubits)
    zeros = [q for q in range(qubits) if not marked >> q & 1]

    def phase():
        circuit.mcp(numpy.pi, list(range(qubits - 1)), qubits - 1)

    circuit.h(range(qubits))
    for _ in range(iterations):
        if zeros:
            circuit.x(zeros)
        phase()
        if zeros:
            circuit.x(zeros)
        circuit.h(range(qubits))
        circuit.x(range(qubits))
        phase()
        circuit.x(range(qubits))
        circuit.h(range(qubits))
    circuit.save_statevector()
    simulator = AerSimulator(method="statevector", max_parallel_threads=threads)
    return lambda: simulator.run(circuit, shots=1).result().get_statevector(), lambda found: numpy.array([abs(found.data[marked]) ** 2])


def lightning(inputs, threads):
    import pennylane

    qubits, marked, iterations = read(inputs)
    device = pennylane.device("lightning.qubit", wires=qubits)
    # The first wire is the highest bit here.
    bits = [marked >> (qubits - 1 - w) & 1 for w in range(qubits)]

    @pennylane.qnode(device)
    def circuit():
        for w in range(qubits):
            pennylane.Hadamard(w)
        for _ in range(iterations):
            for values in (bits, [0] * qubits):
                if values is not bits:
                    for w in range(qubits):
                        pennylane.Hadamard(w)
                for w, bit in enumerate(values):
                    if not bit:
                        pennylane.PauliX(w)
                pennylane.ctrl(pennylane.PhaseShift(numpy.pi, wires=qubits - 1), control=list(range(qubits - 1)))
                for w, bit in enumerate(values):
                    if not bit:
                        pennylane.PauliX(w)
                if values is not bits:
                    for w in range(qubits):
                        pennylane.Hadamard(w)
        return pennylane.state()

    return circuit, lambda found: numpy.array([abs(found[marked]) ** 2])
