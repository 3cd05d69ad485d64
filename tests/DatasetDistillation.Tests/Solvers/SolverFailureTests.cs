using DatasetDistillation.Solvers;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Solvers;

/// <summary>A solver that cannot solve its problem says so, and keeps the last point that was any good.</summary>
public sealed class SolverFailureTests
{
    public static TheoryData<string, object> Minimizers => new()
    {
        { "gradient descent", new GradientDescent() },
        { "L-BFGS", new LBfgs() },
        { "Newton", new Newton() },
    };

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void An_objective_that_is_NaN_from_the_start_is_reported(string name, object solver)
    {
        using var scope = NewDisposeScope();
        SolverResult result = ((Solver<Objective>)solver).Run(Objective.Of(x => (x - 2).sqrt().sum()), zeros([3], float64));

        Assert.True(result.Status == SolverStatus.NotFinite, $"{name}: {result}");
        Assert.Equal([0.0, 0.0, 0.0], result.Solution.data<double>().ToArray());
    }

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void A_line_search_steps_back_from_where_the_objective_is_NaN(string name, object solver)
    {
        using var scope = NewDisposeScope();
        // x − log x beyond 0: a full step from 3 leaves the domain.
        SolverResult result = ((Solver<Objective>)solver).Run(Objective.Of(x => (x * 3 - x.log()).sum()), full([1], 3, float64));

        Assert.True(result.Converged, $"{name}: {result}");
        Assert.Equal(1 / 3.0, result.Solution.ToDouble(), 3);
    }

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void A_gradient_that_points_uphill_is_reported(string name, object solver)
    {
        using var scope = NewDisposeScope();
        var wrong = new Objective(
            static x => x.square().sum().ToDouble(), static x => (x.square().sum().ToDouble(), x * -2), static _ => static v => v * 2);
        SolverResult result = ((Solver<Objective>)solver).Run(wrong, ones([3], float64));

        Assert.True(result.Status == SolverStatus.NoDescent, $"{name}: {result}");
        Assert.Equal([1.0, 1.0, 1.0], result.Solution.data<double>().ToArray());
    }

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void Too_few_iterations_are_reported(string name, object solver)
    {
        using var scope = NewDisposeScope();
        Objective problem = Problems.Rosenbrock();
        using SolverState state = ((Solver<Objective>)solver).Initialize(problem, Problems.Values(-1.2, 1));
        ((Solver<Objective>)solver).Update(problem, state);
        Assert.True(state.Status == SolverStatus.Running, name);

        SolverResult result = new LBfgs { MaxIterations = 3 }.Run(problem, Problems.Values(-1.2, 1));
        Assert.Equal((SolverStatus.IterationLimit, 3), (result.Status, result.Iterations));
        var error = Assert.Throws<InvalidOperationException>(result.Required);
        Assert.Contains("IterationLimit after 3 iterations", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_singular_Hessian_is_reported()
    {
        using var scope = NewDisposeScope();
        // No curvature along the second coordinate, but a slope.
        SolverResult result = new Newton().Run(Objective.Of(x => x[0] * x[0] + x[1]), ones([2], float64));
        Assert.Equal(SolverStatus.Singular, result.Status);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public void Conjugate_gradients_report_a_matrix_that_is_not_positive_definite(double eigenvalue)
    {
        using var scope = NewDisposeScope();
        Tensor d = Problems.Values(1, 2, eigenvalue);
        SolverResult result = new ConjugateGradient().Run(v => v * d, ones([3], float64));
        Assert.Equal(SolverStatus.Singular, result.Status);
        Assert.True(double.IsFinite(result.Solution.sum().ToDouble()));
    }

    [Fact]
    public void Conjugate_gradients_report_what_is_not_finite()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(SolverStatus.NotFinite, new ConjugateGradient().Run(v => v * double.NaN, ones([3], float64)).Status);
        Assert.Equal(SolverStatus.NotFinite, new ConjugateGradient().Run(v => v, Problems.Values(1, double.NaN)).Status);
    }

    [Fact]
    public void Zero_is_the_solution_for_a_right_side_of_zero()
    {
        using var scope = NewDisposeScope();
        SolverResult result = new ConjugateGradient().Run(v => v, zeros([3], float64));
        Assert.Equal((SolverStatus.Converged, 0), (result.Status, result.Iterations));
    }

    [Fact]
    public void Misuse_is_refused_with_what_was_wanted()
    {
        using var scope = NewDisposeScope();
        var shapes = Assert.Throws<ArgumentException>(() =>
            new ConjugateGradient().Run(new LinearSystem(v => v, ones([3], float64)), ones([2], float64)));
        Assert.Contains("[2]", shapes.Message, StringComparison.Ordinal);
        Assert.Contains("[3]", shapes.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new LBfgs().Run(Objective.Of(x => x * 2), ones([2], float64)));
        Assert.Throws<NotSupportedException>(() =>
            new Newton().Run(new Objective(x => 0, x => (0, ones_like(x))), ones([2], float64)));

        var solver = new LBfgs();
        Objective problem = Problems.Quadratic(1);
        using SolverState solved = ((Solver<Objective>)solver).Initialize(problem, ones([20], float64));
        Assert.Equal(SolverStatus.Converged, solved.Status);
        Assert.Throws<InvalidOperationException>(() => ((Solver<Objective>)solver).Update(problem, solved));
    }
}
